-- The actual rows (scenario 1), summed by account, business unit and month. These are movements; the source has no
-- balances. Customers and products: a balance has neither, so they are summed over (README).
-- source_rows: each row of the file holds all eight accounts; it is counted once, with Revenue.
SELECT account, unit, month, SUM(amount) AS flow, COUNT(*) FILTER (account = 'Revenue') AS source_rows
FROM lines
WHERE scenario = '1'
GROUP BY ALL
HAVING flow <> 0 OR account = 'Revenue'
ORDER BY account, unit, month
