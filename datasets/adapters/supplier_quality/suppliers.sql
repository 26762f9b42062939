-- 328 vendors, 320 of them with an incident. Two names stand for two vendors each.
SELECT REGEXP_REPLACE("Vendor ID", '\.0$', '') AS supplier, Vendor AS name
FROM Vendor
ORDER BY CAST(supplier AS BIGINT)
