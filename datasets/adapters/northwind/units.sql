-- The company and its two sales offices: the countries that its employees work in.
SELECT 'northwind' AS unit, 'Northwind Traders' AS name, NULL AS parent, 'company' AS kind, 'USD' AS currency
UNION ALL
SELECT DISTINCT
    LOWER(Country),
    CASE Country WHEN 'USA' THEN 'Sales office USA' WHEN 'UK' THEN 'Sales office UK' ELSE Country END,
    'northwind',
    'office',
    'USD'
FROM Employees
