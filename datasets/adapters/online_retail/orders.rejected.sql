-- What is no order of goods. The reasons exclude each other in this order.
SELECT
    CASE
        WHEN c.treatment = 'left out' THEN c.reason
        WHEN CAST(l.UnitPrice AS DECIMAL(12, 4)) = 0 AND COALESCE(l.CustomerID, '') = ''
            THEN 'neither price nor customer: correction of stock (damaged, lost, found, tests)'
        WHEN c.treatment = 'charge' THEN 'charge or discount: not ordered'
        ELSE 'cancelled line: a return, and no order'
    END AS reason
FROM Lines l
LEFT JOIN codes c ON c.code = UPPER(l.StockCode)
WHERE c.code IS NOT NULL
   OR CAST(l.Quantity AS DECIMAL(9, 0)) <= 0
   OR (CAST(l.UnitPrice AS DECIMAL(12, 4)) = 0 AND COALESCE(l.CustomerID, '') = '')
