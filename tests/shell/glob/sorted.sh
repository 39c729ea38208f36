touch b a C B c A _ 1
echo *
