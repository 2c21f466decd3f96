{{ rows_of('cclf3') }}
