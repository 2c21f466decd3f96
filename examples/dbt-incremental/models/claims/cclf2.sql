{{ rows_of('cclf2') }}
