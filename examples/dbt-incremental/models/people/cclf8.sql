{{ rows_of('cclf8') }}
