-- One answer a customer. The source dates none of them: the date is the last day of its tickets, when all of them
-- were known. Scores of 1 to 10 go to 1 to 5 in order, so that the source's own verdict holds: its High (6 to 10)
-- becomes 4 and 5, which count as satisfied, its Low (1 to 5) becomes 1 to 3. Another score is left as it is, and
-- `check` says so. nps stays empty: README.
SELECT
    c."Customer ID" AS response,
    LOWER(g."Country-Region") AS unit,
    c."Customer ID" AS customer,
    (SELECT MAX("Date Completed") FROM Ticket) AS date,
    CASE
        WHEN c."Original Score" IN ('1', '2') THEN '1'
        WHEN c."Original Score" IN ('3', '4') THEN '2'
        WHEN c."Original Score" = '5' THEN '3'
        WHEN c."Original Score" IN ('6', '7') THEN '4'
        WHEN c."Original Score" IN ('8', '9', '10') THEN '5'
        ELSE c."Original Score"
    END AS csat
FROM Customer c
LEFT JOIN Geography g ON g."Geography ID" = c."Geography ID"
ORDER BY response
