SELECT BusinessEntityID AS supplier, Name AS name FROM Vendor ORDER BY CAST(BusinessEntityID AS BIGINT)
