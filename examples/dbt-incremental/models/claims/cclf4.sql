{{ rows_of('cclf4') }}
