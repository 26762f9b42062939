-- MB51, material documents: quantities and values added up, as they stand at the end of each month.
WITH moved AS (
    SELECT product, unit, last_day(CAST(day_eu(posted) AS DATE)) AS date,
        SUM(CAST(number_eu(quantity) AS DECIMAL(19, 4))) AS quantity,
        SUM(CAST(number_eu(amount) AS DECIMAL(19, 4))) AS value,
        -- 701 to 718: differences found when stock is counted.
        SUM(CAST(number_eu(quantity) AS DECIMAL(19, 4))) FILTER (WHERE kind BETWEEN '701' AND '718') AS adjustment,
        COUNT(*) AS source_rows
    FROM items WHERE list = 'MB51' AND is_item
    GROUP BY 1, 2, 3
),
months AS (
    SELECT s.product, s.unit, last_day(CAST(m.month AS DATE)) AS date
    FROM (SELECT product, unit, MIN(date) AS first FROM moved GROUP BY 1, 2) s,
        LATERAL (SELECT UNNEST(generate_series(date_trunc('month', s.first),
            (SELECT date_trunc('month', MAX(date)) FROM moved), INTERVAL 1 MONTH)) AS month) m
)
SELECT product, unit, date,
    SUM(COALESCE(quantity, 0)) OVER stood AS quantity,
    SUM(COALESCE(value, 0)) OVER stood AS value,
    adjustment,
    COALESCE(source_rows, 0) AS source_rows
FROM months LEFT JOIN moved USING (product, unit, date)
WINDOW stood AS (PARTITION BY product, unit ORDER BY date)
ORDER BY 1, 2, 3
