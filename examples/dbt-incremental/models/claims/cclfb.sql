{{ rows_of('cclfb') }}
