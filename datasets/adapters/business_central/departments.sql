-- Dimension Value (349), global dimension 2. What function a department has, the table does not say.
SELECT "Code" AS department, COALESCE(NULLIF("Name", ''), "Code") AS name, 'other' AS function
FROM DimensionValue
WHERE "Global Dimension No." = '2' AND "Dimension Value Type" = 'Standard'
