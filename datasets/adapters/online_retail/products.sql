-- Every code that was ever billed with a price or to a customer: goods, and the charges of codes.csv as services.
-- Descriptions vary, and corrections of stock are described as "damaged" or "?": the most frequent description of
-- the billed lines is the name, the first in the alphabet where two are equally frequent.
WITH billed AS (
    SELECT UPPER(StockCode) AS product, NULLIF(TRIM(Description), '') AS name, COUNT(*) AS lines
    FROM Lines
    WHERE CAST(UnitPrice AS DECIMAL(12, 4)) <> 0 OR CustomerID <> ''
    GROUP BY ALL
)
SELECT
    b.product,
    COALESCE(c.name, b.name) AS name,
    CASE WHEN c.code IS NULL THEN 'finished' ELSE 'service' END AS kind
FROM billed b
LEFT JOIN codes c ON c.code = b.product
WHERE c.treatment IS DISTINCT FROM 'left out'
QUALIFY ROW_NUMBER() OVER (PARTITION BY b.product ORDER BY b.name IS NULL, b.lines DESC, b.name) = 1
ORDER BY b.product
