{{ rows_of('cclf1') }}
