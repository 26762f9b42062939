-- Every billed line; a cancelled one (number with C, quantity negative) is a return. A charge of codes.csv brings
-- money and no units. The number is the bill's with the place of the line in it: lines that are equal in everything
-- stay apart.
-- Left out, with their reasons in deliveries.rejected.sql: codes that are no sale, and corrections of stock (neither
-- price nor customer).
WITH numbered AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY InvoiceNo ORDER BY file_, row_) AS line FROM Lines
)
SELECT
    n.InvoiceNo || '-' || n.line AS delivery,
    NULLIF(REGEXP_REPLACE(n.CustomerID, '\.0$', ''), '') AS customer,
    LOWER(REPLACE(n.Country, ' ', '-')) AS unit,
    UPPER(n.StockCode) AS product,
    LEFT(n.InvoiceDate, 10) AS shipped,
    CASE WHEN c.treatment = 'charge' THEN '0' ELSE n.Quantity END AS quantity,
    CAST(CAST(n.UnitPrice AS DECIMAL(12, 4)) * CAST(n.Quantity AS DECIMAL(9, 0)) AS DECIMAL(19, 4)) AS amount
FROM numbered n
LEFT JOIN codes c ON c.code = UPPER(n.StockCode)
WHERE c.treatment IS DISTINCT FROM 'left out'
  AND (CAST(n.UnitPrice AS DECIMAL(12, 4)) <> 0 OR COALESCE(n.CustomerID, '') <> '')
ORDER BY n.InvoiceNo, n.line
