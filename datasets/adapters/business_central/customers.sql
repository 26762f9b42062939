-- Customer (18).
SELECT "No." AS customer, "Name" AS name FROM Customer
