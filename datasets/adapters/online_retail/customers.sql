-- Numbers come as 17850.0. The segment is the country of most of the customer's lines.
WITH counted AS (
    SELECT REGEXP_REPLACE(CustomerID, '\.0$', '') AS customer, Country AS segment, COUNT(*) AS lines
    FROM Lines
    WHERE CustomerID <> ''
    GROUP BY ALL
)
SELECT customer, segment
FROM counted
QUALIFY ROW_NUMBER() OVER (PARTITION BY customer ORDER BY lines DESC, segment) = 1
ORDER BY customer
