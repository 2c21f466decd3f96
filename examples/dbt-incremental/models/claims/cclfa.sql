{{ rows_of('cclfa') }}
