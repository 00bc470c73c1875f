// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** What the other parameters are unless given: as the script of this name of the 2018 system has it (docs/alignment.md). */
  readonly preset:
    | 'plain'
    | 'align_lfw'
    | 'align_facescrub'
    | 'align_megaface'
    | 'align_insight'
    | 'align_insight_lfw'
    | 'align_insight_ytf'
    | 'align_celeb'
    | 'align_dataset_mtcnn';
  /** How the images are laid out; unless given, by what is bound: .tar is shards, .tsv is celeb, a folder is folders. */
  readonly layout?: 'folders' | 'cfp' | 'agedb' | 'facescrub' | 'megaface' | 'celeb';
  /** What finds the faces, in place of the detector of the preset. */
  readonly detector?:
    | {
        /** MTCNN: the cascade of three networks that the 2018 system aligns with; its weights come with faceflow. */
        readonly name: 'mtcnn';
        /** That of the deployment, on MXNet, or of the data's preparation, on TensorFlow: rounding, resizing, edges. */
        readonly arithmetic: 'mxnet' | 'tensorflow';
        /** Side in pixels of the smallest faces that are looked for. */
        readonly minimumSize: number;
        /** Of one image of the pyramid to the one before. */
        readonly factor: number;
        /**
         * Of PNet, RNet, ONet. Empty: 0.6, 0.7, 0.8 on MXNet, 0.6, 0.7, 0.7 on TensorFlow.
         *
         * @maxItems 3
         */
        readonly thresholds: [] | [number] | [number, number] | [number, number, number];
        /** tensorflow only: where PNet proposes one window in an image of the pyramid, its shift is read from the opposite column, as in the original; or from its own. */
        readonly singleProposal: 'mirrored' | 'plain';
        /** LNet (det4) moves the points, which become whole pixels (accurate_landmark). */
        readonly refinePoints: boolean;
        /** The networks of limited detection, in images that are crops around a face (det_type 2 or 1). */
        readonly crops: 'rnet-onet' | 'onet';
        /** Images without colours are looked at in the colours of skin, in which the networks miss fewer faces; or as they are, as the original does. */
        readonly greyImages: 'tinted' | 'as-they-are';
        /** Look a second time, at the image made small on a wide border: faces that fill the frame or are cut by it are found so. */
        readonly fullFrame: boolean;
      }
    | {
        /** CenterFace: one network of 7 MB (MIT), faces as centres of a map; flow fetch-model centerface fetches it. */
        readonly name: 'centerface';
        /** The least score of a face. */
        readonly threshold: number;
        /** The share of two boxes in common above which the lower score goes. */
        readonly overlap: number;
        /** Larger images are made smaller: pixels of the longer side. 0: never. */
        readonly longestSide: number;
        /** Look a second time, at the image made small on a wide border: faces that fill the frame or are cut by it are found so. */
        readonly fullFrame: boolean;
      }
    | {
        /** SCRFD: insightface's detectors, ONNX files of 2 to 17 MB, given as weights. */
        readonly name: 'scrfd';
        /**
         * Sides of the squares that an image is looked at in; with 128 beside 640, faces that fill it are found.
         *
         * @minItems 1
         */
        readonly sizes: [number, ...number[]];
        /** The least score of a face. */
        readonly threshold: number;
        /** The share of two boxes in common above which the lower score goes. */
        readonly overlap: number;
        /** Look a second time, at the image made small on a wide border: faces that fill the frame or are cut by it are found so. */
        readonly fullFrame: boolean;
      }
    | {
        /** RetinaFace, as Pytorch_Retinaface exports it: an ONNX file of 2 to 110 MB, given as weights. */
        readonly name: 'retinaface';
        /** Images are resized so that the longer side has so many pixels. */
        readonly size: number;
        /** The least score of a face. */
        readonly threshold: number;
        /** The share of two boxes in common above which the lower score goes. */
        readonly overlap: number;
        /** Look a second time, at the image made small on a wide border: faces that fill the frame or are cut by it are found so. */
        readonly fullFrame: boolean;
      }
    | {
        /** YuNet: OpenCV's detector (MIT), an ONNX file of 0.2 MB, given as weights. */
        readonly name: 'yunet';
        /** The least score of a face. */
        readonly threshold: number;
        /** The share of two boxes in common above which the lower score goes. */
        readonly overlap: number;
        /** So many boxes are compared, those of the highest scores. */
        readonly top: number;
        /** Larger images are made smaller: pixels of the longer side. 0: never. */
        readonly longestSide: number;
        /** Look a second time, at the image made small on a wide border: faces that fill the frame or are cut by it are found so. */
        readonly fullFrame: boolean;
      };
  /** What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed. */
  readonly engine: 'auto' | 'tensorflow' | 'webgpu' | 'onnxruntime' | 'onnxruntime-webgpu' | 'wasm' | 'cpu';
  /** images: the aligned images; points: only the list, with boxes and points by which face2rec aligns while packing. */
  readonly output?: 'images' | 'points';
  /** An image in which no face is found: left out; its known box or its middle cut out; or (output: points) listed without points. */
  readonly withoutFace?: 'leave-out' | 'crop' | 'list';
  /** Size of the aligned images: 112 x 112 unless given, with template: dlib 150 x 150. */
  readonly imageSize?: {
    /** Pixels. */
    readonly height: number;
    /** Pixels; with height 112 the template is that of 96 unless it is 112. */
    readonly width: number;
  };
  /** Where eyes, nose and mouth go: as ArcFace has them, unless given, or as dlib's network for faces does (get_face_chip, padding 0.25). */
  readonly template?: 'arcface' | 'dlib';
  /** How aligned images are stored. */
  readonly encoding?: 'jpg' | 'png';
  /** Of JPEG; for png the compression level, at most 9. */
  readonly quality?: number;
  /** The first image that would be left out fails the stage. */
  readonly strict: boolean;
  /** Images on the contact sheet of the first, of the strangest, and of those left out. */
  readonly samples: number;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** A folder of images at any depth, shards (.tar), a .tsv file of MS-Celeb-1M, or one image. */
  readonly images: string;
  /** Which of the images, with labels, and with boxes or points where they are known. */
  readonly list: string | undefined;
  /** The networks of the detector, in place of those that come with it. */
  readonly weights: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The aligned images, under the names of the input; empty with output: points. */
  readonly images: string;
  /** The aligned images with their labels; with output: points the images of the input with boxes and points. */
  readonly list: string;
  /** A line of JSON per image of the input: box, points, score, residual, blur, or why it was left out. */
  readonly faces: string;
  /** Counts and the contact sheet, for the stage report. */
  readonly alignment: string;
}
