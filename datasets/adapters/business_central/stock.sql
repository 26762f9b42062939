-- Value Entry (5802), added up from the first entry to the end of each month: "Item Ledger Entry Quantity" is the stock,
-- "Cost Amount (Actual)" and "(Expected)" its value. Stock is the company's: what one division buys another may sell.
WITH moved AS (
    SELECT "Item No." AS product, last_day(CAST(day_us("Posting Date") AS DATE)) AS date,
        SUM(CAST(number_us("Item Ledger Entry Quantity") AS DECIMAL(19, 4))) AS quantity,
        SUM(CAST(number_us("Cost Amount (Actual)") AS DECIMAL(19, 4))
            + CAST(number_us("Cost Amount (Expected)") AS DECIMAL(19, 4))) AS value,
        COUNT(*) AS source_rows
    FROM ValueEntry
    WHERE COALESCE("Item No.", '') <> ''
    GROUP BY 1, 2
),
months AS (
    SELECT s.product, last_day(CAST(m.month AS DATE)) AS date
    FROM (SELECT product, MIN(date) AS first FROM moved GROUP BY 1) s,
        LATERAL (SELECT UNNEST(generate_series(date_trunc('month', s.first),
            (SELECT date_trunc('month', MAX(date)) FROM moved), INTERVAL 1 MONTH)) AS month) m
)
SELECT product, 'COMPANY' AS unit, date,
    SUM(COALESCE(quantity, 0)) OVER stood AS quantity,
    SUM(COALESCE(value, 0)) OVER stood AS value,
    COALESCE(source_rows, 0) AS source_rows
FROM months LEFT JOIN moved USING (product, date)
WINDOW stood AS (PARTITION BY product ORDER BY date)
ORDER BY 1, 3
