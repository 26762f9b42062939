-- Vendor (23).
SELECT "No." AS supplier, "Name" AS name FROM Vendor
