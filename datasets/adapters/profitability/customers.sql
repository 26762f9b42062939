-- The customers with their industry. Fact.csv names 21 more that are in no list; they are added without a name, so
-- that the list is complete. 31 is an industry without a name.
SELECT
    REGEXP_REPLACE(c.Customer, '\.0$', '') AS customer,
    c.Name AS name,
    COALESCE(i.Industry, 'Industry ' || REGEXP_REPLACE(c."Industry ID", '\.0$', '')) AS segment
FROM Customer c
LEFT JOIN Industry i ON i.ID = REGEXP_REPLACE(c."Industry ID", '\.0$', '')
UNION ALL
SELECT DISTINCT "Customer Key", NULL, NULL
FROM Fact WHERE "Customer Key" NOT IN (SELECT REGEXP_REPLACE(Customer, '\.0$', '') FROM Customer)
ORDER BY customer
