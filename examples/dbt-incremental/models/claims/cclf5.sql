{{ rows_of('cclf5') }}
