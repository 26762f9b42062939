-- US dollars for one unit of the foreign currency, as the source has them by day. The average is the sum of the
-- days' rates divided by their number; closing is the last day's. The dollar itself is left out.
WITH daily AS (
    SELECT
        c.CurrencyAlternateKey AS currency,
        CAST(r.Date AS DATE) AS day,
        CAST(r.AverageRate AS DECIMAL(19, 8)) AS average,
        CAST(r.EndOfDayRate AS DECIMAL(19, 8)) AS closing
    FROM FactCurrencyRate r
    LEFT JOIN DimCurrency c ON c.CurrencyKey = r.CurrencyKey
)
SELECT
    currency,
    CAST(DATE_TRUNC('month', day) AS DATE) AS month,
    CAST(ROUND(SUM(average) / COUNT(*), 8) AS DECIMAL(19, 8)) AS average,
    ARG_MAX(closing, day) AS closing
FROM daily
WHERE currency IS DISTINCT FROM 'USD'
GROUP BY ALL
ORDER BY currency, month
