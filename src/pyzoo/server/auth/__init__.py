"""Who a connection is, and what it may do: a provider for each scheme, and the checks of ACLs that use them."""
