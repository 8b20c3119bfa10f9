/** axios declares the types of its main entry only. https://github.com/axios/axios */
declare module 'axios/dist/browser/axios.cjs' {
  import type { AxiosStatic } from 'axios';

  const axios: AxiosStatic;
  export default axios;
}
