{{ rows_of('cclf7') }}
