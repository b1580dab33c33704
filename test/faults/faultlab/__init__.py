"""What the fault suite is made of: partners of the nodes, an outside observer, a ledger."""
