"""How we know that the suite finds faults: wrong captures made from right ones, and what each clause rests on."""
