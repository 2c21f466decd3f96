{{ rows_of('cclf6') }}
