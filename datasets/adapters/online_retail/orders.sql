-- Billed lines of goods stand for the orders, on the day of the bill: the source has no other document.
-- Numbers of lines are those of deliveries.sql. Cancellations, charges and what is no sale are left out.
WITH numbered AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY InvoiceNo ORDER BY file_, row_) AS line FROM Lines
)
SELECT
    n.InvoiceNo AS "order",
    n.line,
    NULLIF(REGEXP_REPLACE(n.CustomerID, '\.0$', ''), '') AS customer,
    LOWER(REPLACE(n.Country, ' ', '-')) AS unit,
    UPPER(n.StockCode) AS product,
    LEFT(n.InvoiceDate, 10) AS ordered,
    n.Quantity AS quantity,
    n.UnitPrice AS price
FROM numbered n
LEFT JOIN codes c ON c.code = UPPER(n.StockCode)
WHERE c.code IS NULL
  AND CAST(n.Quantity AS DECIMAL(9, 0)) > 0
  AND (CAST(n.UnitPrice AS DECIMAL(12, 4)) <> 0 OR COALESCE(n.CustomerID, '') <> '')
ORDER BY n.InvoiceNo, n.line
