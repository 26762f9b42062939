-- What is no sale: the codes that codes.csv leaves out, and lines with neither price nor customer.
SELECT
    CASE
        WHEN c.treatment = 'left out' THEN c.reason
        ELSE 'neither price nor customer: correction of stock (damaged, lost, found, tests)'
    END AS reason,
    CAST(CAST(l.UnitPrice AS DECIMAL(12, 4)) * CAST(l.Quantity AS DECIMAL(9, 0)) AS DECIMAL(19, 4)) AS amount
FROM Lines l
LEFT JOIN codes c ON c.code = UPPER(l.StockCode)
WHERE c.treatment = 'left out'
   OR (CAST(l.UnitPrice AS DECIMAL(12, 4)) = 0 AND COALESCE(l.CustomerID, '') = '')
