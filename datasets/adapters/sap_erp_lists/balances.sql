-- KSB1, actual line items of cost centres: one row a cost element, cost centre and month.
SELECT account, COALESCE(NULLIF(unit, ''), 'SAP') AS unit, SUBSTR(day_eu(posted), 1, 7) || '-01' AS month,
    SUM(CAST(number_eu(amount) AS DECIMAL(19, 4))) AS flow, COUNT(*) AS source_rows
FROM items
WHERE list = 'KSB1' AND is_item
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
