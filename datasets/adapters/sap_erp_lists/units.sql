-- Cost centres and plants, all under one company. Names and another tree: write them here.
SELECT 'SAP' AS unit, 'All cost centres and plants' AS name, NULL AS parent, 'company' AS kind, 'EUR' AS currency
UNION ALL
SELECT DISTINCT unit, 'Cost centre ' || unit, 'SAP', 'cost centre', 'EUR' FROM items WHERE list = 'KSB1' AND is_item AND unit <> ''
UNION ALL
SELECT DISTINCT unit, 'Plant ' || unit, 'SAP', 'plant', 'EUR' FROM items
WHERE list = 'MB51' AND is_item AND unit NOT IN (SELECT unit FROM items WHERE list = 'KSB1' AND is_item)
