-- Dimension Value (349): "Global Dimension No." 1 is what G/L Entry calls "Global Dimension 1 Code".
SELECT 'COMPANY' AS unit, 'The company' AS name, NULL AS parent, 'company' AS kind, 'EUR' AS currency
UNION ALL
SELECT "Code", COALESCE(NULLIF("Name", ''), "Code"), 'COMPANY', 'division', 'EUR'
FROM DimensionValue
WHERE "Global Dimension No." = '1' AND "Dimension Value Type" = 'Standard'
