exec nosuch; echo no
