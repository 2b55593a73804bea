"""The computation behind each lens: a loaded model and checked arguments in, a result out. `service` calls them."""
