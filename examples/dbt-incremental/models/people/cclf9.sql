{{ rows_of('cclf9') }}
