-- The segment is the country. Four customers never ordered; two of them look like test entries (README.md).
SELECT CustomerID AS customer, CompanyName AS name, Country AS segment FROM Customers ORDER BY customer
