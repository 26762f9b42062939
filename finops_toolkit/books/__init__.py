"""Facts in: the contract, opening, checking and the monthly panel."""
