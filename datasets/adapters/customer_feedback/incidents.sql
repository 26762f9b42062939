-- Escalated tickets are complaints. The country is the customer's; the date is the day the ticket was opened.
SELECT
    t."Support Ticket ID" AS incident,
    LOWER(g."Country-Region") AS unit,
    t."Date Created" AS date,
    'complaint' AS kind
FROM Ticket t
LEFT JOIN Customer c ON c."Customer ID" = t."Customer ID"
LEFT JOIN Geography g ON g."Geography ID" = c."Geography ID"
WHERE t.Escalated = '1'
ORDER BY CAST(t."Support Ticket ID" AS BIGINT)
