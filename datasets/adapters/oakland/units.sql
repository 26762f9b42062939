-- The city, which has the revenue (no department stands with it), and the departments of any of the budgets.
SELECT 'oakland' AS unit, 'City of Oakland' AS name, NULL AS parent, 'city' AS kind, 'USD' AS currency
UNION ALL
SELECT DISTINCT
    REPLACE(REPLACE(LOWER(department), ' & ', '-and-'), ' ', '-'), department, 'oakland', 'department', 'USD'
FROM Budget
WHERE department IS NOT NULL
ORDER BY unit
