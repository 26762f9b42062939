-- Segment: kind of subscription and size of the customer's company. Names are not in the source.
SELECT c."Customer ID" AS customer, s."Subscription Type" || ', ' || z."Company Size" || ' people' AS segment
FROM Customer c
LEFT JOIN Subscription s ON s."Subscription ID" = c."Subscription ID"
LEFT JOIN Company z ON z."Company ID" = c."Company ID"
ORDER BY customer
