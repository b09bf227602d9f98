"""What a scenario file may say, table by table, and what its values must agree on."""
