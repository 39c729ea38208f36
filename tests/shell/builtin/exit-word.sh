exit abc; echo no
