-- Most tickets are questions, answered and closed.
SELECT CASE WHEN Escalated = '0' THEN 'a support ticket that was not escalated is no complaint'
            ELSE 'escalated is neither 0 nor 1' END AS reason
FROM Ticket
WHERE Escalated IS DISTINCT FROM '1'
