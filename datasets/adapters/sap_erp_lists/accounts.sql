-- Cost elements as the list names them, on the lines that accounts.csv gives them.
SELECT i.account, COALESCE(NULLIF(MIN(i.name), ''), i.account) AS name,
    COALESCE(MIN(m.line), 'unmapped') AS line, MIN(m.behaviour) AS behaviour, MIN(m.driver) AS driver
FROM items i LEFT JOIN account_map m ON in_range(i.account, m."from", m."to")
WHERE i.list = 'KSB1' AND i.is_item
GROUP BY i.account
ORDER BY i.account
