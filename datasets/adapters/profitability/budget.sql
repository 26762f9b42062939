-- The budgeted rows (scenario 2), by month as the source has them, with the product; otherwise as balances.sql.
SELECT
    'Budget' AS version, month, unit, account, product,
    SUM(amount) AS amount, COUNT(*) FILTER (account = 'Revenue') AS source_rows
FROM lines
WHERE scenario = '2'
GROUP BY ALL
HAVING SUM(lines.amount) <> 0 OR account = 'Revenue'
ORDER BY month, unit, account, product
