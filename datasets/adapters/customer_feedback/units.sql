-- Countries with customers: the United Kingdom, France, Germany and Spain. Six more in the list have none.
-- A customer's country stands for the unit that serves them; the source knows no units.
SELECT 'firm' AS unit, 'All countries' AS name, NULL AS parent, 'company' AS kind, 'EUR' AS currency
UNION ALL
SELECT LOWER("Country-Region"), "Country-Region", 'firm', 'country', 'EUR'
FROM Geography
WHERE "Geography ID" IN (SELECT "Geography ID" FROM Customer)
ORDER BY unit
